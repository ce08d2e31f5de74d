internal import CMqantRabbitMQ
import Glibc

extension Duration {
    /// As C's `timeval`, at least a microsecond, for librabbitmq takes zero as "poll once".
    var timeval: timeval {
        let microseconds = max(1, clampedNanoseconds / 1000)
        return Glibc.timeval(
            tv_sec: Int(clamping: microseconds / 1_000_000), tv_usec: Int(clamping: microseconds % 1_000_000))
    }
}
