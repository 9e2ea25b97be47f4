import StreamClient
import Testing

@Suite struct StreamDeadlinesTests {
    /// 10, 100, 50 and 1,000 ms from 0 on.
    private func deadlines() -> StreamDeadlines {
        var timeouts = StreamTimeouts()
        timeouts.connectMilliseconds = 10
        timeouts.firstByteMilliseconds = 100
        timeouts.idleMilliseconds = 50
        timeouts.totalMilliseconds = 1_000
        return StreamDeadlines(timeouts, from: 0)
    }

    private func ms(_ count: Int64) -> Int64 { count * 1_000_000 }

    @Test func aConnectionIsWaitedForUntilItsLimit() {
        let deadlines = deadlines()
        #expect(deadlines.next == ms(10))
        #expect(deadlines.expired(at: ms(10) - 1) == nil)
        #expect(deadlines.expired(at: ms(10)) == .connect)
    }

    @Test func theFirstByteCountsFromTheRequest() {
        var deadlines = deadlines()
        deadlines.sent(at: ms(7))
        #expect(deadlines.next == ms(107))
        deadlines.lived(at: ms(90))
        #expect(deadlines.expired(at: ms(107)) == .firstByte, "a ping is no first byte")
    }

    @Test func everyByteAndEverySignOfLifePutsIdlenessOff() {
        var deadlines = deadlines()
        deadlines.sent(at: 0)
        let areFirst = [deadlines.received(at: ms(10)), deadlines.received(at: ms(20))]
        #expect(areFirst == [true, false])
        #expect(deadlines.next == ms(70))
        deadlines.lived(at: ms(60))
        #expect(deadlines.expired(at: ms(109)) == nil)
        #expect(deadlines.expired(at: ms(110)) == .idle)
    }

    @Test func theTotalCountsWhateverComes() {
        var deadlines = deadlines()
        deadlines.sent(at: 0)
        for time in stride(from: Int64(20), through: 980, by: 40) {
            deadlines.received(at: ms(time))
        }
        #expect(deadlines.next == ms(1_000))
        #expect(deadlines.expired(at: ms(1_000)) == .total)
    }

    @Test func aSlowReaderIsNoIdleUpstream() {
        var deadlines = deadlines()
        deadlines.sent(at: 0)
        deadlines.received(at: ms(20))
        deadlines.hold()
        #expect(deadlines.next == ms(1_000))
        #expect(deadlines.expired(at: ms(900)) == nil)
        deadlines.release(at: ms(900))
        #expect(deadlines.next == ms(950))
    }

    @Test func nothingCountsAtRestOrAfterTheEnd() {
        var deadlines = deadlines()
        deadlines.rest()
        #expect(deadlines.next == nil)
        deadlines.sent(at: ms(500))
        #expect(deadlines.next == ms(600))
        deadlines.end()
        deadlines.sent(at: ms(700))
        #expect(deadlines.next == nil)
        #expect(deadlines.expired(at: Int64.max) == nil)
    }

    @Test func aLimitThatIsNoneNeverPasses() {
        var timeouts = StreamTimeouts()
        timeouts.connectMilliseconds = nil
        timeouts.totalMilliseconds = nil
        timeouts.idleMilliseconds = Int64.max
        var deadlines = StreamDeadlines(timeouts, from: 5)
        #expect(deadlines.next == nil)
        deadlines.sent(at: 6)
        deadlines.received(at: 7)
        #expect(deadlines.next == Int64.max)
    }
}
