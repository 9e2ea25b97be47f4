import Hummingbird
import JSONBytes
import MeteringRelay
import Pricing

/// Writes a line for each request that is not the relay's, which writes its own.
struct AccessLogMiddleware<Context: RequestContext>: RouterMiddleware {
    let log: AccessLog?
    let now: @Sendable () -> Timestamp

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let log else { return try await next(request, context) }
        let (start, clock) = (now(), ContinuousClock())
        let instant = clock.now
        let response = try await next(request, context)
        let milliseconds = instant.duration(to: clock.now) / .milliseconds(1)
        log.log(
            start,
            [
                "method": .string(request.method.rawValue), "route": .string(request.uri.path),
                "status": .integer(Int64(response.status.code)),
                "duration_ms": .integer(Int64(milliseconds)),
            ])
        return response
    }
}
