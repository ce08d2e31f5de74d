/// A text of no kind of its own as the key of a dictionary or a set: compared by its bytes, like an identifier.
package struct TextKey: Identifier {
    package let rawValue: String
    package init(_ text: String) { rawValue = text }
}
