public import Mqant

/// A Login's `Settings`.
public struct LoginSettings: ModuleSettings {
    /// Who gets in, and by which password; nil: everybody, as anybody.
    package var accounts: AccountSettings?

    /// Reads `Settings` of a Login: docs/configuration.md#settings-of-a-login.
    public init(reading settings: inout SettingsReader) {
        accounts = settings.object("Accounts") { AccountSettings(&$0) }
        #if !Accounts
            if accounts != nil {
                settings.fault(at: "Accounts", "this program was built without the trait Accounts of mqantserver")
            }
        #endif
        // The file, its journal, its lock, and the folder for a moment.
        if accounts != nil { settings.announce(DescriptorDemand(connections: 1, perConnection: 4)) }
    }
}
