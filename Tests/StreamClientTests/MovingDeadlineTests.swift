import NIOCore
import NIOEmbedded
import StreamClient
import Testing

/// A deadline that is put off runs out when it says last, once, and not before.
struct MovingDeadlineTests {
    private let loop = EmbeddedEventLoop()

    /// The loop's own clock stands still; what it is advanced by is all that passes.
    private func passes(_ seconds: Int64) { loop.advanceTime(by: .seconds(seconds)) }

    private final class Count { var value = 0 }

    private func deadline(in seconds: Int64) -> NIODeadline { loop.now + .seconds(seconds) }

    @Test func whatIsPutOffRunsOutLater() {
        let (moment, count) = (MovingDeadline(on: loop), Count())
        moment.set(deadline(in: 10)) { count.value += 1 }
        passes(9)
        moment.set(deadline(in: 10)) { count.value += 10 }
        passes(9)
        #expect(count.value == 0)
        passes(1)
        #expect(count.value == 10)
        passes(100)
        #expect(count.value == 10)
    }

    @Test func whatComesSoonerRunsOutSooner() {
        let (moment, count) = (MovingDeadline(on: loop), Count())
        moment.set(deadline(in: 10)) { count.value += 1 }
        moment.set(deadline(in: 2)) { count.value += 10 }
        passes(2)
        #expect(count.value == 10)
        passes(100)
        #expect(count.value == 10)
    }

    @Test func whatWasTakenBackNeverRunsOut() {
        let (moment, count) = (MovingDeadline(on: loop), Count())
        moment.set(deadline(in: 2)) { count.value += 1 }
        moment.clear()
        passes(5)
        #expect(count.value == 0)
        moment.set(deadline(in: 2)) { count.value += 10 }
        moment.stop()
        passes(5)
        #expect(count.value == 0)
    }

    @Test func oneThatRanOutCanSetTheNext() {
        let (moment, count) = (MovingDeadline(on: loop), Count())
        moment.set(deadline(in: 1)) { [self] in
            count.value += 1
            moment.set(deadline(in: 1)) { count.value += 10 }
        }
        passes(1)
        #expect(count.value == 1)
        passes(1)
        #expect(count.value == 11)
    }
}
