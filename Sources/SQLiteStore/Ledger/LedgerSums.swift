import Accounting
import GRDB
import Pricing

/// Adds usage up between boundaries of time: from roll-ups as far as their cells reach, from the
/// events themselves where a boundary runs through a cell, or where a user or a source is asked for.
struct LedgerSums {
    private struct Key: Hashable {
        let bucket: Int
        let series: Int64
        let project: Int64
        let attribution: Int64
    }

    private let query: SumQuery
    private let reader: LedgerReader
    private let rows: ClosedRange<Int64>?
    /// In milliseconds.
    private let boundaries: [Int64]
    private var events: EventScan
    private var sums: [Key: UsageSum] = [:]

    /// `rows` leaves out all events but those of some numbers; roll-ups are then of no use.
    init(
        _ query: SumQuery, _ reader: LedgerReader, rows: ClosedRange<Int64>? = nil
    ) throws {
        self.query = query
        self.reader = reader
        self.rows = rows
        boundaries = query.boundaries.map(\.milliseconds)
        events = try EventScan(query.filter, reader)
    }

    private var needsProjects: Bool { query.byProject || query.filter.globs[.project] != nil }

    private var needsEvents: Bool {
        query.byUser || !query.filter.tags.isEmpty
            || query.filter.globs.keys.contains { !$0.isRolledUp }
    }

    consuming func groups() throws -> [UsageGroup] {
        try add()
        return try sums.compactMap { key, sum in
            guard !sum.isZero else { return nil }
            return try reader.series(key.series).group(
                bucket: key.bucket, sum,
                project: query.byProject ? try reader.project(key.project) : nil,
                user: key.attribution < 0 ? nil : try reader.attribution(key.attribution).user)
        }
    }

    /// The sums of each series, a cell for each bucket.
    consuming func cells() throws -> [Int64: RollupCells] {
        try add()
        return sums.reduce(into: [:]) { cells, entry in
            cells[entry.key.series, default: RollupCells()].add(
                entry.value, at: UInt8(entry.key.bucket))
        }
    }

    private mutating func add() throws {
        let whole = boundaries[0]..<boundaries[boundaries.count - 1]
        if query.through == 0 { return }
        if needsEvents || rows != nil {
            return try scan(whole, rows: rows ?? query.through.map { 1...$0 })
        }
        for gap in try addRollups() { try scan(gap) }
        // Roll-ups hold the rows that came behind it too: few, as a rule, and taken off again.
        guard let through = query.through, case let last = try reader.lastRow(), last > through
        else { return }
        try scan(whole, rows: through + 1...last, sign: -1)
    }

    // MARK: Roll-ups

    /// The coarsest sums that every boundary lies between; where there are none, the finest.
    private var table: RollupTable {
        if needsProjects { return .projects }
        let isWhole = boundaries.allSatisfy { $0 % RollupTable.hourMilliseconds == 0 }
        return isWhole ? .hours : .quarters
    }

    /// Adds what lies in whole cells; the parts of the range that must be read event by event.
    private mutating func addRollups() throws -> [Range<Int64>] {
        let day = RollupTable.dayMilliseconds
        let (start, end) = (boundaries[0], boundaries[boundaries.count - 1])
        let table = table
        let width = table.cellMilliseconds
        let statement = try table.select(
            account: reader.account, days: floorDivide(start, day)...floorDivide(end - 1, day),
            reader.db)
        defer { statement.reset() }
        var place = (day: Int64.min, buckets: [Int]())
        while try statement.step() {
            let (date, project, number) = (
                statement.integer(0), statement.integer(1), statement.integer(2)
            )
            guard events.series.contains(number),
                !needsProjects || events.projects.contains(project)
            else {
                continue
            }
            guard let cells = RollupCells(statement.blob(3)) else {
                throw reader.damaged("a roll-up of day \(date)")
            }
            if place.day != date { place = (date, buckets(ofDay: date, width: width)) }
            add(cells, place.buckets, series: number, project: query.byProject ? project : 0)
        }
        return gaps(width: width)
    }

    private mutating func add(
        _ cells: RollupCells, _ buckets: [Int], series: Int64, project: Int64
    ) {
        var index = 0
        while index < cells.places.count {
            let bucket = buckets[Int(cells.places[index])]
            var end = index + 1
            while end < cells.places.count, buckets[Int(cells.places[end])] == bucket { end += 1 }
            if bucket >= 0 {
                let key = Key(bucket: bucket, series: series, project: project, attribution: -1)
                cells.add(index..<end, to: &sums[key, default: UsageSum()])
            }
            index = end
        }
    }

    /// The bucket that each cell of a day lies in, -1 where it is in none or in several.
    private func buckets(ofDay day: Int64, width: Int64) -> [Int] {
        let start = day * RollupTable.dayMilliseconds
        return (0..<(RollupTable.dayMilliseconds / width)).map { place in
            let from = start + place * width
            guard let bucket = bucket(of: from), from + width <= boundaries[bucket + 1] else {
                return -1
            }
            return bucket
        }
    }

    /// The cells that boundaries run through, within the range.
    private func gaps(width: Int64) -> [Range<Int64>] {
        var gaps: [Range<Int64>] = []
        let (start, end) = (boundaries[0], boundaries[boundaries.count - 1])
        for boundary in boundaries {
            let from = floorDivide(boundary, width) * width
            guard from != boundary else { continue }
            let gap = max(from, start)..<min(from + width, end)
            if !gap.isEmpty, gaps.last != gap { gaps.append(gap) }
        }
        return gaps
    }

    /// `nil` outside the range.
    private func bucket(of time: Int64) -> Int? {
        guard time >= boundaries[0], time < boundaries[boundaries.count - 1] else { return nil }
        var (low, high) = (0, boundaries.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if boundaries[middle] <= time { low = middle } else { high = middle }
        }
        return low
    }

    // MARK: Events

    private mutating func scan(
        _ range: Range<Int64>, rows: ClosedRange<Int64>? = nil, sign: Int64 = 1
    ) throws {
        var sums = self.sums
        self.sums = [:]
        var events = self.events
        try events.forEach(from: range.lowerBound, to: range.upperBound, rows: rows) {
            row, contexts in
            let request = row.request
            guard let bucket = bucket(of: request.start.milliseconds) else { return }
            let context = contexts[request.kind]
            let key = Key(
                bucket: bucket, series: context.series,
                project: query.byProject ? context.project : 0,
                attribution: query.byUser ? row.attribution ?? -1 : -1)
            sums[key, default: UsageSum()].add(
                request.usage, sign: sign * request.sign,
                line: try reader.series(context.series).line)
        }
        self.sums = sums
    }
}
