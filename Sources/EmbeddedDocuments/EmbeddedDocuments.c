// Documents that the service hands out, pulled in at compile time.
#include "EmbeddedDocuments.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

#define DOCUMENT(symbol) static const unsigned char symbol[]

DOCUMENT(openapi) = {
#embed "../../Docs/openapi.json"
};
DOCUMENT(budgets) = {
#embed "../../Docs/schemas/tokenmeter.budgets-1.json"
};
DOCUMENT(check) = {
#embed "../../Docs/schemas/tokenmeter.check-1.json"
};
DOCUMENT(compare) = {
#embed "../../Docs/schemas/tokenmeter.compare-1.json"
};
DOCUMENT(event) = {
#embed "../../Docs/schemas/tokenmeter.event-1.json"
};
DOCUMENT(events) = {
#embed "../../Docs/schemas/tokenmeter.events-1.json"
};
DOCUMENT(forecast) = {
#embed "../../Docs/schemas/tokenmeter.forecast-1.json"
};
DOCUMENT(inspect) = {
#embed "../../Docs/schemas/tokenmeter.inspect-1.json"
};
DOCUMENT(ledger_audit) = {
#embed "../../Docs/schemas/tokenmeter.ledger-audit-1.json"
};
DOCUMENT(ledger_balance) = {
#embed "../../Docs/schemas/tokenmeter.ledger-balance-1.json"
};
DOCUMENT(ledger_conflicts) = {
#embed "../../Docs/schemas/tokenmeter.ledger-conflicts-1.json"
};
DOCUMENT(ledger_entries) = {
#embed "../../Docs/schemas/tokenmeter.ledger-entries-1.json"
};
DOCUMENT(ledger_forecast) = {
#embed "../../Docs/schemas/tokenmeter.ledger-forecast-1.json"
};
DOCUMENT(ledger_status) = {
#embed "../../Docs/schemas/tokenmeter.ledger-status-1.json"
};
DOCUMENT(ledger_verify) = {
#embed "../../Docs/schemas/tokenmeter.ledger-verify-1.json"
};
DOCUMENT(mix) = {
#embed "../../Docs/schemas/tokenmeter.mix-1.json"
};
DOCUMENT(price) = {
#embed "../../Docs/schemas/tokenmeter.price-1.json"
};
DOCUMENT(problem) = {
#embed "../../Docs/schemas/tokenmeter.problem-1.json"
};
DOCUMENT(rates) = {
#embed "../../Docs/schemas/tokenmeter.rates-1.json"
};
DOCUMENT(rates_diff) = {
#embed "../../Docs/schemas/tokenmeter.rates-diff-1.json"
};
DOCUMENT(rates_history) = {
#embed "../../Docs/schemas/tokenmeter.rates-history-1.json"
};
DOCUMENT(rates_match) = {
#embed "../../Docs/schemas/tokenmeter.rates-match-1.json"
};
DOCUMENT(rates_show) = {
#embed "../../Docs/schemas/tokenmeter.rates-show-1.json"
};
DOCUMENT(reconcile) = {
#embed "../../Docs/schemas/tokenmeter.reconcile-1.json"
};
DOCUMENT(savings) = {
#embed "../../Docs/schemas/tokenmeter.savings-1.json"
};
DOCUMENT(usage) = {
#embed "../../Docs/schemas/tokenmeter.usage-1.json"
};
DOCUMENT(whatif) = {
#embed "../../Docs/schemas/tokenmeter.whatif-1.json"
};

#define ENTRY(name, symbol) {name, symbol, sizeof symbol}

static const struct tokenmeter_document documents[] = {
    ENTRY("openapi", openapi),
    ENTRY("budgets", budgets),
    ENTRY("check", check),
    ENTRY("compare", compare),
    ENTRY("event", event),
    ENTRY("events", events),
    ENTRY("forecast", forecast),
    ENTRY("inspect", inspect),
    ENTRY("ledger-audit", ledger_audit),
    ENTRY("ledger-balance", ledger_balance),
    ENTRY("ledger-conflicts", ledger_conflicts),
    ENTRY("ledger-entries", ledger_entries),
    ENTRY("ledger-forecast", ledger_forecast),
    ENTRY("ledger-status", ledger_status),
    ENTRY("ledger-verify", ledger_verify),
    ENTRY("mix", mix),
    ENTRY("price", price),
    ENTRY("problem", problem),
    ENTRY("rates", rates),
    ENTRY("rates-diff", rates_diff),
    ENTRY("rates-history", rates_history),
    ENTRY("rates-match", rates_match),
    ENTRY("rates-show", rates_show),
    ENTRY("reconcile", reconcile),
    ENTRY("savings", savings),
    ENTRY("usage", usage),
    ENTRY("whatif", whatif),
};

const struct tokenmeter_document *tokenmeter_documents(void) { return documents; }
unsigned long tokenmeter_document_count(void) { return sizeof documents / sizeof documents[0]; }
