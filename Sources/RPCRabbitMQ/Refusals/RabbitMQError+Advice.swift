import MqantRPC
import MqantRabbitMQ

extension RabbitMQError {
    /// Whether the broker's user lacks a permission.
    var isForbidden: Bool { code == .channelClosed && replyCode == 403 }

    /// Whether something of the broker's set-up stands in this node's way: a policy.
    var isPolicy: Bool { code == .policyRefused }

    /// Whether the broker refused one thing that it may do later: give the permission, have room below a limit, or do
    /// without a policy.
    var mayBeAllowedLater: Bool { isForbidden || isPolicy || (code == .channelClosed && isLimit) }

    /// What went wrong, and what to do about it where that is known.
    var advice: String {
        guard let remedy else { return description }
        return "\(self); \(remedy)"
    }

    private var remedy: String? {
        if isForbidden { return "give the user its permissions with rabbitmqctl set_permissions (docs/three-hosts.md)" }
        if isPolicy {
            return "see rabbitmqctl list_policies and list_operator_policies, and docs/rabbitmq.md"
        }
        let text = replyText ?? ""
        if isLimit {
            // The user's limit names the user, the virtual host's its vhost; any other stands in the broker's configuration.
            if text.contains("user connection limit") || text.contains("allowed user limit") {
                return "raise the user's limit with rabbitmqctl set_user_limits, or end other connections"
            }
            if text.contains("access to vhost") || text.contains("limit in vhost") {
                return "raise the limit with rabbitmqctl set_vhost_limits, or end other nodes"
            }
            return "raise the limit in the broker's configuration"
        }
        if let messageSizeLimit {
            return "raise max_message_size in the broker's configuration, now \(messageSizeLimit) bytes"
        }
        if replyCode == 406, text.contains("inequivalent arg"), text.contains("for exchange") {
            return "name another Exchange under Rabbitmq in server.conf, or delete that one"
        }
        return nil
    }
}
