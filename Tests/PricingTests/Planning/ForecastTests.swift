import Pricing
import Testing

struct ForecastTests {
    /// gpt-4.1 at 2 / 0.5 / 8, in batch at 1 / 0.5 / 4, and DeepSeek's list with dearer hours.
    private let book: RateBook

    init() throws {
        let peak = TimeWindow(
            zone: "UTC", weekdays: [.mon, .tue, .wed, .thu, .fri],
            hours: [
                TimeWindow.Hours(
                    start: TimeOfDay(secondOfDay: 3600), end: TimeOfDay(secondOfDay: 14_400))
            ])
        book = PricingTests.book([
            try line("gpt", rates: [.input: "2", .cachedInput: "0.5", .output: "8"]),
            try line(
                "gpt batch", conditions: RateConditions(serviceTier: "batch"),
                rates: [.input: "1", .cachedInput: "0.5", .output: "4"]),
            try line(
                "flash", model: "deepseek-v4.1-flash",
                rates: [.input: "0.15", .cachedInput: "0.003", .output: "0.6"]),
            try line(
                "flash peak", model: "deepseek-v4.1-flash",
                conditions: RateConditions(window: peak),
                rates: [.input: "0.3", .cachedInput: "0.006", .output: "1.2"]),
            try line("banded", model: "banded", rates: [.input: "3", .output: "15"]),
            try line(
                "banded above", model: "banded", conditions: RateConditions(aboveInput: 200_000),
                rates: [.input: "6", .output: "22.5"]),
            try line("searching", model: "searching", rates: [.output: "1", .webSearch: "10000"]),
            try line("by call", model: "by call", rates: [.output: "1", .request: "5000"]),
        ])
    }

    private func share(_ text: String) throws -> Share { try Share(growth: text, for: "test") }

    /// 1000 requests a day in a month of 30 days, of 2000 tokens in, 60% of them cached, and 500
    /// out.
    private func workload(_ model: String = "gpt-4.1") throws -> Workload {
        Workload(
            purchase: purchase(model),
            demand: .requests(
                perMonth: 30_000,
                shape: try RequestShape(
                    inputTokens: 2000, cachedShare: share("60%"), outputTokens: 500)))
    }

    private func monthText(_ workload: Workload) throws -> String {
        let month = try Forecast(workload, months: 1, book: book).firstMonth
        return month.isSingle
            ? month.low.settled.money.shown
            : "\(month.low.settled.money.shown) … \(month.high.settled.money.shown)"
    }

    /// 30,000 · 800 = 24M input · 2 = 48; 30,000 · 1200 = 36M cached · 0.5 = 18; 30,000 · 500 = 15M
    /// output · 8 = 120; 48 + 18 + 120 = 186.
    @Test func comesToTheFiguresOfTheIssue() throws {
        let forecast = try Forecast(workload(), months: 1, book: book)
        #expect(forecast.firstMonth.low.settled.money.shown == "186.00 USD")
        #expect(forecast.firstMonth.high.settled.money.shown == "186.00 USD")
        #expect(forecast.firstMonth.isSingle)
        #expect(!forecast.dependsOnHour)
        #expect(forecast.model == "gpt-4.1")
        let part = try #require(forecast.parts.first)
        #expect(forecast.parts.count == 1)
        #expect(part.components.map(\.meter) == [.input, .cachedInput, .output])
        #expect(part.components.map(\.count) == [24_000_000, 36_000_000, 15_000_000])
        #expect(
            part.components.map { $0.billed.money.amountText } == ["48.00", "18.00", "120.00"])
        #expect(part.cost.isComplete)
        #expect(forecast.usage[.request] == 30_000)
    }

    /// A quarter in batch of 24M, 36M and 15M:  6M · 1 + 9M · 0.5 + 3.75M · 4 = 6 + 4.5 + 15 =
    /// 25.5, and 75% stays: 186 · 0.75 = 139.5; together 165.
    @Test func pricesABatchShareInItsTier() throws {
        var workload = try workload()
        workload.batchShare = try share("25%")
        let forecast = try Forecast(workload, months: 1, book: book)
        #expect(forecast.firstMonth.low.settled.money.shown == "165.00 USD")
        #expect(forecast.parts.map(\.entry.line.id) == ["gpt", "gpt batch"])
        #expect(
            forecast.parts.map { $0.cost.settled.money.amountText } == ["139.50", "25.50"])
        workload.batchShare = .whole
        // 24 · 1 + 36 · 0.5 + 15 · 4 = 102
        #expect(try monthText(workload) == "102.00 USD")
    }

    @Test func refusesABatchShareWhereNoBatchIsSold() throws {
        var workload = try workload("deepseek-v4.1-flash")
        workload.batchShare = try share("1%")
        #expect(throws: PricingError.self) { try Forecast(workload, months: 1, book: book) }
    }

    /// 186 · (1 + 1.05 + 1.1025) = 586.365
    @Test func growsMonthByMonth() throws {
        var workload = try workload()
        workload.growthPerMonth = try share("5%")
        let forecast = try Forecast(workload, months: 3, book: book)
        let months = forecast.months.map { $0.low.settled.money.amountText }
        // 30,000 · 1.05 = 31,500 requests; 30,000 · 1.1025 = 33,075 requests.
        #expect(months == ["186.00", "195.30", "205.065"])
        #expect(try forecast.total().high.settled.money.amountText == "586.365")
        // The parts and the usage are those of the first month.
        #expect(forecast.usage[.output] == 15_000_000)
    }

    @Test func shrinksToNothing() throws {
        var workload = try workload()
        workload.growthPerMonth = try share("-100%")
        let forecast = try Forecast(workload, months: 3, book: book)
        #expect(
            forecast.months.map { $0.low.settled.money.amountText } == ["186.00", "0.00", "0.00"])
    }

    @Test func refusesGrowthPastAllBounds() throws {
        var workload = try workload()
        workload.growthPerMonth = try share("1000%")
        #expect(throws: PricingError.self) { try Forecast(workload, months: 120, book: book) }
    }

    @Test(arguments: [0, -1, 121])
    func refusesMonthsOutOfRange(count: Int) throws {
        let workload = try workload()
        #expect(throws: PricingError.self) { try Forecast(workload, months: count, book: book) }
    }

    /// Cheap: 24 · 0.15 + 36 · 0.003 + 15 · 0.6 = 3.6 + 0.108 + 9 = 12.708; dear: twice that,
    /// 25.416.
    @Test func showsBothEndsWhereTheHourDecides() throws {
        let forecast = try Forecast(workload("deepseek-v4.1-flash"), months: 2, book: book)
        #expect(forecast.dependsOnHour)
        #expect(!forecast.firstMonth.isSingle)
        #expect(forecast.firstMonth.low.settled.money.amountText == "12.708")
        #expect(forecast.firstMonth.high.settled.money.amountText == "25.416")
        #expect(forecast.parts.map(\.entry.line.id) == ["flash peak"])
        #expect(try forecast.total().low.settled.money.amountText == "25.416")
        #expect(try forecast.total().high.settled.money.amountText == "50.832")
    }

    /// 30% dear: 25.416 · 0.3 + 12.708 · 0.7 = 7.6248 + 8.8956 = 16.5204
    @Test func splitsByThePeakShare() throws {
        var workload = try workload("deepseek-v4.1-flash")
        workload.peakShare = try share("30%")
        let forecast = try Forecast(workload, months: 1, book: book)
        #expect(!forecast.dependsOnHour)
        #expect(forecast.firstMonth.isSingle)
        #expect(forecast.firstMonth.low.settled.money.amountText == "16.5204")
        #expect(forecast.parts.map(\.entry.line.id) == ["flash peak", "flash"])
        #expect(forecast.parts.map(\.hours) == [.dearer, .cheaper])
        workload.peakShare = Share.none
        #expect(try monthText(workload) == "12.708 USD")
        workload.peakShare = .whole
        #expect(try monthText(workload) == "25.416 USD")
    }

    /// Where the hour does not matter, a peak share changes nothing.
    @Test func ignoresThePeakShareOfAFlatPrice() throws {
        var workload = try workload()
        workload.peakShare = try share("30%")
        #expect(try monthText(workload) == "186.00 USD")
    }

    /// A month's volume is not one request: 10 billion tokens without a size take the base band.
    @Test func aVolumeTakesTheBaseBand() throws {
        let usage = try Usage([.input: 10_000_000_000, .output: 10_000_000])
        let volume = Workload(purchase: purchase("banded"), demand: .volume(usage))
        // 10,000 · 3 + 10 · 15 = 30,150
        #expect(try monthText(volume) == "30150.00 USD")
        #expect(volume.size == RequestSize())
    }

    @Test(arguments: [200_000, 200_001] as [Int64])
    func theSizeOfARequestDecidesTheBand(tokens: Int64) throws {
        let shape = try RequestShape(
            inputTokens: tokens, cachedShare: .none, outputTokens: 1000)
        let workload = Workload(
            purchase: purchase("banded"), demand: .requests(perMonth: 1000, shape: shape))
        // 200 · 3 + 1 · 15 = 615 ; 200.001 · 6 + 1 · 22.5 = 1222.506
        #expect(try monthText(workload) == (tokens == 200_000 ? "615.00 USD" : "1222.506 USD"))
    }

    @Test func furtherMetersCountPerRequest() throws {
        let shape = try RequestShape(
            inputTokens: 0, outputTokens: 100, other: Usage([.webSearch: 2]))
        let searching = Workload(
            purchase: purchase("searching"), demand: .requests(perMonth: 1000, shape: shape))
        // 100,000 · 1 ÷ 10⁶ + 2000 · 0.01 = 20.1
        #expect(try monthText(searching) == "20.10 USD")
        let called = Workload(
            purchase: purchase("by call"),
            demand: .requests(
                perMonth: 1000, shape: try RequestShape(inputTokens: 0, outputTokens: 100)))
        // 0.1 + 1000 · 5000 ÷ 10⁶ = 5.1
        #expect(try monthText(called) == "5.10 USD")
    }

    @Test func refusesMoreCachedThanThereIs() throws {
        #expect(throws: PricingError.self) {
            try RequestShape(
                inputTokens: 1000, cachedShare: share("60%"), cacheWriteShare: share("40.1%"),
                outputTokens: 0)
        }
        let whole = try RequestShape(
            inputTokens: 3, cachedShare: share("50%"), cacheWriteShare: share("50%"),
            outputTokens: 0)
        // 3 · 0.5 = 1.5 → 2 cached, and what is left, 1, is written: never more than the input.
        let usage = try whole.usage(ofRequests: 1)
        #expect(usage.totalInput == 3)
        #expect(usage[.cachedInput] == 2)
        #expect(usage[.cacheWrite5m] == 1)
    }

    @Test func refusesCountsPastInt64() throws {
        let shape = try RequestShape(inputTokens: Int64.max, outputTokens: 1)
        #expect(throws: PricingError.self) { try shape.usage(ofRequests: 2) }
        #expect(throws: PricingError.self) { try shape.usage(ofRequests: -1) }
    }

    /// The size of a request that no one could send is refused, not trapped on.
    @Test func refusesASizePastInt64() async {
        await #expect(processExitsWith: .success) {
            let shape = try RequestShape(
                inputTokens: Int64.max, outputTokens: 1, other: Usage([.audioInput: 1]))
            let workload = Workload(
                purchase: Purchase(model: "gpt-4.1", at: Timestamp(milliseconds: 0)),
                demand: .requests(perMonth: 1, shape: shape))
            _ = workload.size
        }
    }

    /// What the line does not charge makes the month a lower bound, never free.
    @Test func namesUnpricedMeters() throws {
        let shape = try RequestShape(inputTokens: 10, outputTokens: 100)
        let workload = Workload(
            purchase: purchase("searching"), demand: .requests(perMonth: 1000, shape: shape))
        let forecast = try Forecast(workload, months: 1, book: book)
        #expect(Array(forecast.firstMonth.low.unpriced) == [.input])
        #expect(!forecast.firstMonth.low.isComplete)
    }
}
