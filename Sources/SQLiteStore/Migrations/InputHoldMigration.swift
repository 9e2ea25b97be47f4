import GRDB

/// What of a hold is for the input; NULL in those that were made before, which are held whole.
enum InputHoldMigration {
    static func run(_ db: Database) throws {
        try db.execute(sql: "ALTER TABLE reservation_hold ADD COLUMN of_input TEXT")
    }
}
