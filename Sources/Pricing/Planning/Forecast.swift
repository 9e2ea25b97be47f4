/// What a workload comes to, month by month.
package struct Forecast: Sendable {
    /// One service tier's part of a month under one rate line.
    package struct Part: Sendable {
        /// Which hours, where they are priced apart.
        package enum Hours: String, Sendable { case dearer, cheaper }

        package let entry: CatalogLine
        package var hours: Hours?
        package let usage: Usage
        package let components: [CostComponent]
        /// The same usage in the cheaper hours, where nobody said how much falls into which.
        package var cheaperComponents: [CostComponent] = []
        package let cost: Cost
    }

    /// The cheaper and the dearer end of what a month may come to; equal where the hour does not
    /// matter.
    package struct Range: Sendable {
        package let low: Cost
        package let high: Cost

        package var isSingle: Bool { low.settled == high.settled }

        func adding(_ other: Range) throws(PricingError) -> Range {
            Range(low: try low.adding(other.low), high: try high.adding(other.high))
        }
    }

    package let workload: Workload
    package let channel: Channel
    package let model: String
    /// The first month's parts; under a price that depends on the hour, those of the dearer end.
    package let parts: [Part]
    /// The first month's usage, all tiers.
    package let usage: Usage
    /// One a month, the first one at index 0.
    package let months: [Range]
    /// Whether the hour decides and nobody said how much falls into which.
    package let dependsOnHour: Bool

    package var firstMonth: Range { months[0] }

    package func total() throws(PricingError) -> Range {
        var sum = months[0]
        for month in months.dropFirst() { sum = try sum.adding(month) }
        return sum
    }

    /// Prices `workload` over `monthCount` months at the rates in force at its purchase's time.
    package init(
        _ workload: Workload, months monthCount: Int, book: RateBook
    ) throws(PricingError) {
        guard (1...120).contains(monthCount) else { throw .outOfRange("\(monthCount) months") }
        self.workload = workload
        model = try book.model(named: workload.purchase.model, at: workload.purchase.at).id
        channel = try book.channel(
            named: workload.purchase.channel,
            for: try book.model(named: workload.purchase.model, at: workload.purchase.at))
        var factor = DecimalText.one
        var ranges: [Range] = []
        var first: Month?
        for _ in 0..<monthCount {
            let month = try Month(workload, timesAttos: factor, book: book)
            ranges.append(month.range)
            if first == nil { first = month }
            factor = try ExactDivision.halfEven(
                factor, times: DecimalText.one + workload.growthPerMonth.attos,
                over: DecimalText.one)
        }
        months = ranges
        parts = first?.parts ?? []
        usage = first?.usage ?? Usage()
        dependsOnHour = first.map { $0.dependsOnHour } ?? false
    }
}

/// One month of a forecast.
private struct Month {
    var parts: [Forecast.Part] = []
    var usage: Usage
    var range: Forecast.Range
    var dependsOnHour = false

    init(_ workload: Workload, timesAttos factor: Int128, book: RateBook) throws(PricingError) {
        usage = try workload.monthlyUsage(timesAttos: factor)
        let batch = try usage.portion(workload.batchShare)
        let rest = try usage.remainder(after: batch)
        var sum: Forecast.Range?
        var tiers: [(tier: String, usage: Usage)] = []
        if workload.batchShare < .whole { tiers.append((workload.purchase.serviceTier, rest)) }
        if workload.batchShare > .none { tiers.append(("batch", batch)) }
        for (tier, usage) in tiers {
            var purchase = workload.purchase
            purchase.serviceTier = tier
            let (channel, lines) = try book.linesAcrossHours(purchase, size: workload.size)
            let ends = try Ends(usage, lines: lines, channel: channel, workload: workload)
            parts += ends.parts
            dependsOnHour = dependsOnHour || ends.dependsOnHour
            sum = try sum?.adding(ends.range) ?? ends.range
        }
        guard let sum else { throw .outOfRange("an empty workload") }
        range = sum
    }
}

/// What one tier's usage comes to across the hours of a day.
private struct Ends {
    var parts: [Forecast.Part]
    var range: Forecast.Range
    var dependsOnHour = false

    init(
        _ usage: Usage, lines: [CatalogLine], channel: Channel, workload: Workload
    ) throws(PricingError) {
        var priced: [Forecast.Part] = []
        for line in lines {
            priced.append(try Self.part(usage, line, channel, workload.purchase.at))
        }
        priced.sort { $0.cost.settled.money.attos < $1.cost.settled.money.attos }
        let (cheapest, dearest) = (priced[0], priced[priced.count - 1])
        guard cheapest.cost.settled != dearest.cost.settled else {
            parts = [dearest]
            range = Forecast.Range(low: dearest.cost, high: dearest.cost)
            return
        }
        guard let peakShare = workload.peakShare else {
            var both = dearest
            both.cheaperComponents = cheapest.components
            parts = [both]
            range = Forecast.Range(low: cheapest.cost, high: dearest.cost)
            dependsOnHour = true
            return
        }
        let peak = try usage.portion(peakShare)
        let dear = try Self.part(peak, dearest.entry, channel, workload.purchase.at)
        let cheap = try Self.part(
            try usage.remainder(after: peak), cheapest.entry, channel, workload.purchase.at)
        parts = [(dear, Forecast.Part.Hours.dearer), (cheap, .cheaper)].filter {
            !$0.0.usage.isEmpty
        }
        .map { part, hours in
            var labelled = part
            labelled.hours = hours
            return labelled
        }
        let sum = try dear.cost.adding(cheap.cost)
        range = Forecast.Range(low: sum, high: sum)
    }

    /// The request count is there for lines that charge per request; others do not miss it.
    private static func part(
        _ usage: Usage, _ entry: CatalogLine, _ channel: Channel, _ time: Timestamp
    ) throws(PricingError) -> Forecast.Part {
        let billable = entry.line.rates[.request] == nil ? usage.without(.request) : usage
        let requests = usage[.request] > 0 ? usage[.request] : nil
        let line = try entry.line.forVolume(ofRequests: requests)
        let charge = try line.charge(for: billable)
        var unpriced = charge.unpriced
        // A fee for each request, and nobody said how many there are: unknown, and not zero.
        if requests == nil, let fee = entry.line.rates[.request], !fee.isFree {
            unpriced.insert(.request)
        }
        return Forecast.Part(
            entry: entry, hours: nil, usage: billable,
            components: try line.components(of: billable),
            cost: Cost(
                billed: charge.billed, settled: try channel.settle(charge.billed, at: time),
                unpriced: unpriced))
    }
}
