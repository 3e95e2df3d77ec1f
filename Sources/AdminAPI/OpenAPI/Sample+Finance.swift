/// One of each thing that finance works with.
extension Sample {
    static let period = Sample(
        "Period",
        [
            "period": "", "status": "", "start": "", "end": "", "requested_at": nil, "requested_by": nil,
            "due_at": nil, "closed_at": nil, "entries": .integer(0), "cost": "", "live_holds": .integer(0),
            "uncertain_holds": .integer(0), "format_version": .integer(1), "software_version": nil, "chain_head": nil,
            "manifest_sha256": nil, "previous_manifest_sha256": nil,
        ])

    static let correction = Sample(
        "Correction",
        [
            "id": "", "corrects_period": "", "period": "", "tenant_id": "", "key_id": nil, "model": nil, "pool": nil,
            "amount": "", "reason": "", "created_at": "", "created_by": "",
        ])

    static let reconciliationSummary = Sample(
        "ReconciliationSummary",
        [
            "id": "", "provider": "", "backend_id": nil, "sha256": "", "created_at": "", "created_by": "",
            "captured": "", "billed": "",
        ])
    static let reconciliation = Sample(
        "Reconciliation",
        reconciliationSummary.json.adding(
            "lines",
            [
                [
                    "day": "", "model": nil, "captured": "", "billed": "", "ratio": nil, "cause": "",
                    "calls": .integer(0),
                ]
            ]))

    static let priceImportRecord = Sample(
        "PriceImportRecord",
        [
            "id": "", "format": "", "sha256": "", "kind": "", "backend_id": nil, "select": nil, "known_models": true,
            "effective_from": "", "planned": .integer(0), "published": .integer(0), "complete": true,
            "created_at": "", "created_by": "",
        ])

    static let priceImport = Sample(
        "PriceImport",
        [
            "id": nil, "format": "", "sha256": "", "kind": "", "backend_id": nil, "effective_from": "",
            "published": .integer(0), "published_before": .integer(0), "unchanged": .integer(0), "dry_run": true,
            "changes": [
                [
                    "model": "", "tier": nil, "above_tokens": nil, "meter": "", "per": "", "old": nil, "new": "",
                    "percent": nil, "jump": true,
                ]
            ],
            "jumps": .integer(0), "conflicts": [""],
            "rounded": [["model": "", "meter": "", "given": "", "taken": ""]],
            "omitted": [["price": nil, "reason": "", "models": [""]]],
            "left_over": [["model": "", "tier": nil, "above_tokens": nil, "id": ""]],
        ])
}
