/// What is wrong with a text with placeholders.
struct TemplateError: Error, Equatable, CustomStringConvertible {
    let placeholder: String
    let reason: String

    var description: String { "{\(placeholder)}: \(reason)" }
}
