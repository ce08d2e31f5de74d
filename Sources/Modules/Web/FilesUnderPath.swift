import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging

/// Serves the files of a folder under a path: `/mqant/chat.js` is the folder's `chat.js`. Nothing else is there.
struct FilesUnderPath<Context: RequestContext>: RouterMiddleware {
    private let path: String
    private let root: String
    private let files: FileMiddleware<Context, LocalFileSystem>

    init(path: String, root: String, logger: Logger) {
        self.path = path
        self.root = root
        files = FileMiddleware(root, searchForIndexHtml: false, logger: logger)
    }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard request.uri.path.hasPrefix(path) else { return try await next(request, context) }
        let relative = request.uri.path.dropFirst(path.count)
        let file = relative.isEmpty ? "index.html" : String(relative)
        guard isFile(file) else { return try await next(request, context) }
        var head = request.head
        head.path = "/" + file
        return try await files.handle(Request(head: head, body: request.body), context: context, next: next)
    }

    /// True for a regular file of the folder, named in plain: the page's own names need no percent-encoding.
    private func isFile(_ name: String) -> Bool {
        let plain = name.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "\\")
        }
        guard plain,
            !name.split(separator: "/", omittingEmptySubsequences: false).contains(where: {
                $0.isEmpty || $0.hasPrefix(".")
            })
        else { return false }
        var isDirectory = false
        return FileManager.default.fileExists(atPath: "\(root)/\(name)", isDirectory: &isDirectory) && !isDirectory
    }
}

/// What browsers are told about every answer.
struct SecurityHeaders<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.cacheControl] = "no-cache"
        return response
    }
}
