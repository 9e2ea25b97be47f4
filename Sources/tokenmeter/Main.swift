import ArgumentParser
import CostService
import SQLiteStore
import RateCatalog
import ConfigFiles
import Pricing

@main
struct T: AsyncParsableCommand {
    mutating func run() async throws {
        let (a, b) = Int128(5).multipliedFullWidth(by: Int128.max)
        print(a, b, Int128(7).dividingFullWidth((0, 100)))
        try r(); s(); try p(); print(q())
    }
}
