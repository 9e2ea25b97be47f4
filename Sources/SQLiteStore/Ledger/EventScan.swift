import Accounting
import GRDB
import Pricing

/// Reads the rows of events that a filter lets through, without making events of them.
struct EventScan {
    struct Row {
        let attribution: Int64?
        /// Its kind is the place of its context among those that the scan has seen.
        let request: RequestRow
    }

    /// What rows of one context share.
    struct Context {
        let number: Int64
        let series: Int64
        let project: Int64
        let shared: LedgerReader.Shared
        /// Whether the filter lets them through, as far as it asks for this.
        let isWanted: Bool
    }

    private let reader: LedgerReader
    private let filter: EventFilter
    let series: Set<Int64>
    let projects: Set<Int64>
    private let asksAttribution: Bool
    private(set) var contexts: [Context] = []
    /// The place of each context by its number; -1 where it was not seen yet.
    private var places: [Int32] = []

    init(_ filter: EventFilter, _ reader: LedgerReader) throws {
        self.filter = filter
        self.reader = reader
        asksAttribution = filter.globs[.user] != nil || !filter.tags.isEmpty
        try reader.loadSeries()
        series = Set(
            reader.series.filter { _, series in
                filter.matches(.model, series.model) && filter.matches(.channel, series.channel)
                    && filter.matches(.serviceTier, series.serviceTier)
                    && filter.matches(.known, series.known.rawValue)
            }.keys)
        try reader.loadProjects()
        projects = Set(reader.projects.filter { filter.matches(.project, $0.value) }.keys)
    }

    private static let selection = """
        SELECT number, context, attribution, sign, start_ms, duration_ms, input, cached_input,
            cache_write_5m, cache_write_1h, output, reasoning, other
        FROM event
        """

    /// Calls `body` with the rows that start in a range of milliseconds; `rows` leaves out all but
    /// those of some numbers.
    mutating func forEach(
        from start: Int64, to end: Int64, rows: ClosedRange<Int64>? = nil,
        _ body: (Row, [Context]) throws -> Void
    ) throws {
        let found = try reader.span(
            from: Timestamp(milliseconds: start), to: Timestamp(milliseconds: end))
        guard let found, rows.map(found.overlaps) ?? true else { return }
        let span = rows.map(found.clamped) ?? found
        if rows == nil, let few = try fewAttributions() {
            for attribution in few {
                let statement = try RawStatement(
                    """
                    \(Self.selection) INDEXED BY event_by_attribution
                    WHERE account = ? AND attribution = ? AND number BETWEEN ? AND ?
                    """, reader.db)
                statement.bind(attribution, 2)
                statement.bind(span.lowerBound, 3)
                statement.bind(span.upperBound, 4)
                try step(statement, start, end, body)
            }
        } else {
            let statement = try RawStatement(
                "\(Self.selection) WHERE account = ? AND number BETWEEN ? AND ?", reader.db)
            statement.bind(span.lowerBound, 2)
            statement.bind(span.upperBound, 3)
            try step(statement, start, end, body)
        }
    }

    /// Whose events are found by the index rather than by reading all: those that a user or a tag
    /// was asked for by.
    private func fewAttributions() throws -> [Int64]? {
        guard asksAttribution, !filter.matches(.user, nil) || !filter.matches(tags: [:]) else {
            return nil
        }
        return try reader.allAttributions().filter { _, attribution in
            filter.matches(.user, attribution.user) && filter.matches(tags: attribution.tags)
        }.map(\.number)
    }

    private mutating func step(
        _ statement: RawStatement, _ start: Int64, _ end: Int64,
        _ body: (Row, [Context]) throws -> Void
    ) throws {
        statement.bind(reader.account, 1)
        defer { statement.reset() }
        while try statement.step() {
            let time = statement.integer(4)
            guard time >= start, time < end else { continue }
            let place = try place(of: statement.integer(1))
            guard contexts[place].isWanted else { continue }
            let attribution = statement.optionalInteger(2)
            if asksAttribution, try !matches(attribution) { continue }
            let number = statement.integer(0)
            let sign = statement.integer(3)
            let end = statement.optionalInteger(5).map { Timestamp(milliseconds: time + $0) }
            let row = Row(
                attribution: attribution,
                request: RequestRow(
                    kind: place, sign: sign, start: Timestamp(milliseconds: time), end: end,
                    usage: try EventRow.usage(statement, from: 6, sign: sign, number: number)))
            try body(row, contexts)
        }
    }

    private mutating func place(of context: Int64) throws -> Int {
        let number = Int(context)
        if number < places.count, places[number] >= 0 { return Int(places[number]) }
        let shared = try reader.shared(context)
        contexts.append(
            Context(
                number: context, series: shared.series, project: shared.project, shared: shared,
                isWanted: series.contains(shared.series) && projects.contains(shared.project)
                    && filter.matches(.source, shared.source)))
        while places.count <= number { places.append(-1) }
        places[number] = Int32(contexts.count - 1)
        return contexts.count - 1
    }

    private func matches(_ attribution: Int64?) throws -> Bool {
        let attribution = try attribution.map(reader.attribution)
        return filter.matches(.user, attribution?.user)
            && filter.matches(tags: attribution?.tags ?? [:])
    }
}
