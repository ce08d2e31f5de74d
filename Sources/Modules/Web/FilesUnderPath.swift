import HTTPTypes
import Hummingbird

/// Serves the files of a folder under a path: `/mqant/chat.js` is the folder's `chat.js`.
struct FilesUnderPath<Context: RequestContext>: RouterMiddleware {
    private let path: String
    private let files: FileMiddleware<Context, LocalFileSystem>

    init(path: String, root: String) {
        self.path = path
        files = FileMiddleware(root, searchForIndexHtml: true)
    }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard request.uri.path.hasPrefix(path) else { return try await next(request, context) }
        var head = request.head
        head.path = "/" + request.uri.path.dropFirst(path.count)
        return try await files.handle(Request(head: head, body: request.body), context: context, next: next)
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
