/// Why no package was written, in one line.
struct NewError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
