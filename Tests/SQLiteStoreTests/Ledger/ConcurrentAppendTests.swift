import Accounting
import Foundation
import LedgerContract
import Pricing
import SQLiteStore
import Synchronization
import Testing

/// Threads of one process, and processes, that write to one ledger at the same time.
struct ConcurrentAppendTests {
    /// Runs a body in some threads at once; what they threw.
    private static func inThreads(
        _ count: Int, _ body: @escaping @Sendable (Int) throws -> Void
    ) -> [String] {
        let problems = Mutex<[String]>([])
        let finished = DispatchSemaphore(value: 0)
        for thread in 0..<count {
            Thread.detachNewThread {
                do {
                    try body(thread)
                } catch {
                    problems.withLock { $0.append("\(error)") }
                }
                finished.signal()
            }
        }
        for _ in 0..<count { finished.wait() }
        return problems.withLock { $0 }
    }

    @Test(arguments: [false, true])
    func eachIsKeptOnce(isInMemory: Bool) throws {
        let scratch = try Scratch()
        let store = try isInMemory ? SQLiteStore() : SQLiteStore(path: scratch.database)
        try store.load(LedgerContract.rates)
        let outcomes = Mutex<[AppendOutcome: Int]>([:])
        // Every event comes from two threads: 40 from each, 8 × 40 / 2 different ones.
        let problems = Self.inThreads(8) { thread in
            for number in 0..<40 {
                let entry = try LedgerContract.entry(
                    UInt64(thread / 2 * 40 + number + 1),
                    at: LedgerContract.noon.advanced(bySeconds: Int64(number * 60)))
                let outcome = try store.append(
                    [entry], account: LedgerContract.account, durability: .full)
                outcomes.withLock { $0[outcome[0], default: 0] += 1 }
            }
        }
        #expect(problems == [])
        #expect(outcomes.withLock { $0 } == [.new: 160, .same: 160])
        #expect(try LedgerContract.total(store).requests == 160)
        try LedgerContract.expectWhole(store)
    }

    @Test func oneThatCannotBeKeptTakesNoOtherWithIt() throws {
        let scratch = try Scratch()
        let store = try SQLiteStore(path: scratch.database)
        try store.load(LedgerContract.rates)
        let problems = Self.inThreads(8) { thread in
            for number in 0..<20 {
                var entry = try LedgerContract.entry(UInt64(thread * 20 + number + 1))
                if thread == 0 {
                    entry.line = RateLine(
                        id: "nowhere", channel: "shop", model: "plain", currency: .usd,
                        validFrom: LedgerContract.noon, rates: Rates())
                }
                do {
                    _ = try store.append(
                        [entry], account: LedgerContract.account, durability: .normal)
                    #expect(thread != 0)
                } catch let error as LedgerError {
                    #expect(thread == 0 && error == .unknownLine("nowhere"))
                }
            }
        }
        #expect(problems == [])
        #expect(try LedgerContract.total(store).requests == 140)
        try LedgerContract.expectWhole(store)
    }

    /// Another writer's rows come between, and what this one remembers of the sums is old.
    @Test func twoStoresAddToTheSameSums() throws {
        let scratch = try Scratch()
        let one = try SQLiteStore(path: scratch.database)
        try one.load(LedgerContract.rates)
        let other = try SQLiteStore(path: scratch.database)
        for number in 0..<20 {
            let store = number % 3 == 0 ? one : other
            let entry = try LedgerContract.entry(UInt64(number + 1), project: "p\(number % 2)")
            _ = try store.append([entry], account: LedgerContract.account, durability: .normal)
        }
        #expect(try LedgerContract.total(one).requests == 20)
        try LedgerContract.expectWhole(other)
    }

    /// One takes the lock again and again; another who waits for it comes next or next but one.
    @Test func aLockIsTakenInTurn() throws {
        let scratch = try Scratch()
        let path = scratch.database + ".lock"
        let turns = Atomic<Int>(0)
        let isDone = Atomic<Bool>(false)
        let finished = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            let lock = AdvisoryLock(path: path, timeoutSeconds: 5)
            while !isDone.load(ordering: .relaxed) {
                let turn: Void? = try? lock.whileHeld {
                    turns.add(1, ordering: .relaxed)
                    usleep(1_000)
                }
                if turn == nil { break }
            }
            finished.signal()
        }
        while turns.load(ordering: .relaxed) == 0 { usleep(100) }
        let lock = AdvisoryLock(path: path, timeoutSeconds: 5)
        var waited: [Int] = []
        for _ in 0..<21 {
            let before = turns.load(ordering: .relaxed)
            let after = try lock.whileHeld { turns.load(ordering: .relaxed) }
            waited.append(after - before)
        }
        // The turn that runs, and one that was already past the turnstile; a machine that is busy may
        // put some more in between now and then.
        #expect(waited.sorted()[10] <= 2)
        isDone.store(true, ordering: .relaxed)
        finished.wait()
    }

    /// Threads that share one lock hold it one at a time, and a lock whose files were removed is
    /// taken on the new ones.
    @Test func threadsOfOneLockTakeTurns() throws {
        let scratch = try Scratch()
        let lock = AdvisoryLock(path: scratch.database + ".lock", timeoutSeconds: 5)
        let holders = Atomic<Int>(0)
        let most = Atomic<Int>(0)
        let turns = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<50 {
                try? lock.whileHeld {
                    let now = holders.add(1, ordering: .sequentiallyConsistent).newValue
                    most.max(now, ordering: .sequentiallyConsistent)
                    turns.add(1, ordering: .sequentiallyConsistent)
                    holders.subtract(1, ordering: .sequentiallyConsistent)
                }
            }
        }
        #expect(most.load(ordering: .sequentiallyConsistent) == 1)
        #expect(turns.load(ordering: .sequentiallyConsistent) == 400)

        try FileManager.default.removeItem(atPath: scratch.database + ".lock")
        let other = AdvisoryLock(path: scratch.database + ".lock", timeoutSeconds: 0)
        try other.whileHeld {
            let third = AdvisoryLock(path: scratch.database + ".lock", timeoutSeconds: 0)
            _ = #expect(throws: AdvisoryLock.Failure.timedOut) { try third.whileHeld {} }
        }
        // The first still has the removed file open, and gives it up.
        try lock.whileHeld {
            _ = #expect(throws: AdvisoryLock.Failure.timedOut) { try other.whileHeld {} }
        }
    }
}
