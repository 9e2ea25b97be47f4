import Accounting
import LedgerContract
import SQLiteStore
import Testing

struct LedgerContractTests {
    @Test(arguments: LedgerContract.all)
    func holdsInMemory(_ given: LedgerContract.Case) throws {
        let store = try SQLiteStore()
        try store.load(LedgerContract.rates)
        try given.run(store)
    }

    @Test(arguments: LedgerContract.all)
    func holdsInAFile(_ given: LedgerContract.Case) throws {
        let scratch = try Scratch()
        let store = try SQLiteStore(path: scratch.database)
        try store.load(LedgerContract.rates)
        try given.run(store)
    }
}

extension LedgerContract.Case: CustomTestStringConvertible {
    public var testDescription: String { description }
}
