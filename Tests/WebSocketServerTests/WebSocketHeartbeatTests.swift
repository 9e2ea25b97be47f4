import Testing
import WebSocketServer

@Suite struct WebSocketHeartbeatTests {
    @Test func asksOnceAndThenGivesUp() {
        var heartbeat = WebSocketHeartbeat()
        #expect(heartbeat.look() == .nothing)
        #expect(heartbeat.look() == .ping)
        #expect(heartbeat.look() == .gone)
    }

    @Test func anySignOfLifeStartsAnew() {
        var heartbeat = WebSocketHeartbeat()
        #expect(heartbeat.look() == .nothing)
        #expect(heartbeat.look() == .ping)
        heartbeat.heard()
        #expect(heartbeat.look() == .nothing)
        #expect(heartbeat.look() == .ping)
    }
}
