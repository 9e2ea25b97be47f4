import Accounting
import Pricing

/// The windows of budgets that a writer was asked for, as the database has them together with what the
/// writer has added since: a request is then held to its budget without a read.
///
/// Sums are written once in `storedEvery` events; those that the database does not have yet are added
/// up from their rows by whoever reads them next.
struct HeldWindows {
    struct Window {
        let number: Int64
        let window: BudgetWindow
        var sums: [Int64: Sum] = [:]
        /// The last row that the sums have.
        var through: Int64
        /// The last row that the sums in the database have.
        var stored: Int64
        var reserved: [Currency: Money]

        var state: BudgetState {
            var groups: [UsageGroup] = []
            for sum in sums.values {
                for (bucket, usage) in sum.cells.sums {
                    groups.append(sum.series.group(bucket: Int(bucket), usage))
                }
            }
            return BudgetState(groups: groups, reserved: reserved)
        }

        mutating func add(
            _ usage: UsageSum, at bucket: UInt8, series number: Int64, _ series: LedgerReader.Series
        ) {
            var sum = sums.removeValue(forKey: number) ?? Sum(series: series)
            sum.cells.add(usage, at: bucket)
            sum.isStored = false
            sums[number] = sum
        }
    }

    /// What the events of one series add up to, a cell for each two neighbouring boundaries.
    struct Sum {
        let series: LedgerReader.Series
        var cells = RollupCells()
        var isStored = true
    }

    static let storedEvery: Int64 = 1_000
    /// Those of periods that are over are asked for no more.
    private static let maximumWindows = 1_000

    private(set) var known: [Window] = []
    /// What series stand for. A series is never changed and its number never used again.
    var series: [Int64: LedgerReader.Series] = [:]

    /// Forgets what another writer may have changed since.
    mutating func forget() { known = [] }

    func index(of window: BudgetWindow) -> Int? {
        known.firstIndex { $0.window == window }
    }

    mutating func remember(_ window: Window) -> Int {
        if known.count >= Self.maximumWindows { known = [] }
        known.append(window)
        return known.count - 1
    }

    subscript(index: Int) -> Window {
        get { known[index] }
        _modify { yield &known[index] }
    }

    /// Adds the row of an entry to the windows that it falls in.
    mutating func add(_ row: EventRow, series number: Int64, _ entry: LedgerEntry) {
        for index in known.indices {
            known[index].through = row.number
            let window = known[index].window
            guard let bucket = window.bucket(of: row.start), entry.matches(window.filter) else {
                continue
            }
            var sum = UsageSum()
            sum.add(row.usage, sign: row.sign, line: entry.line)
            known[index].add(
                sum, at: UInt8(bucket), series: number,
                LedgerReader.Series(
                    channel: entry.channel, model: entry.model, line: entry.line,
                    serviceTier: entry.event.serviceTier, known: entry.event.known))
        }
    }

    /// What is held against the window of a number; `nil` where it is not known.
    func reserved(_ number: Int64) -> [Currency: Money]? {
        known.first { $0.number == number }?.reserved
    }

    mutating func hold(_ amounts: [Currency: Money], number: Int64) {
        guard let index = known.firstIndex(where: { $0.number == number }) else { return }
        known[index].reserved = amounts
    }
}

extension BudgetWindow {
    /// Between which two boundaries a moment lies; `nil` outside of all.
    func bucket(of time: Timestamp) -> Int? {
        guard time >= boundaries[0], time < boundaries[boundaries.count - 1] else { return nil }
        return boundaries.lastIndex { $0 <= time }
    }
}
