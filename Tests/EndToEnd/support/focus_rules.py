"""The MUSTs of FOCUS that the official validator lets pass, as rules of our own, over one Cost and Usage file."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
DECIMAL = re.compile(r"^-?\d+\.\d+$")
MANDATORY = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodStart", "BillingPeriodEnd",
    "ChargeCategory", "ChargePeriodStart", "ChargePeriodEnd", "ContractedCost", "EffectiveCost", "InvoiceIssuerName",
    "ListCost", "ServiceCategory", "ServiceName", "SubAccountId", "SubAccountName", "PricingCurrency", "ChargeDescription",
    "ChargeFrequency", "ServiceSubcategory",
)
PRICED = (
    "PricingQuantity", "PricingUnit", "ListUnitPrice", "ContractedUnitPrice", "SkuId", "SkuPriceId", "PricingCategory",
)
NUMBERS = (
    "BilledCost", "EffectiveCost", "ContractedCost", "ListCost", "PricingQuantity", "ConsumedQuantity", "ListUnitPrice",
    "ContractedUnitPrice", "PricingCurrencyEffectiveCost",
)
COLUMNS_12, COLUMNS_14 = 57, 65


def faults(rows: Iterable[dict[str, str]], version: str) -> list[str]:
    """What is wrong, a line each; nothing if all rules hold."""
    found: list[str] = []
    skus: dict[str, set[str]] = defaultdict(set)
    providers = ("ProviderName", "PublisherName") if version == "1.2" else ("ServiceProviderName",)
    for number, row in enumerate(rows, start=1):
        def fault(text: str, number: int = number) -> None:
            found.append(f"row {number}: {text}")

        names = [name for name in row if not name.startswith("x_")]
        if len(names) != (COLUMNS_12 if version == "1.2" else COLUMNS_14):
            fault(f"{len(names)} columns")
        if list(row)[: len(names)] != names:
            fault("own columns come before those of FOCUS")
        for name in (*MANDATORY, *providers):
            if not row[name]:
                fault(f"{name} is null")
        for name in NUMBERS:
            if row[name] and not DECIMAL.match(row[name]):
                fault(f"{name} is no decimal: {row[name]}")
        for name in ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"):
            if not INSTANT.match(row[name]):
                fault(f"{name} is no instant: {row[name]}")
        if not (row["BillingPeriodStart"][8:] == "01T00:00:00Z" and row["BillingPeriodEnd"][8:] == "01T00:00:00Z"):
            fault("the billing period is no month")
        if row["ChargePeriodStart"] >= row["ChargePeriodEnd"]:
            fault("the charge period ends before it starts")
        inside = row["BillingPeriodStart"] <= row["ChargePeriodStart"] < row["BillingPeriodEnd"]
        if not inside and row["ChargeClass"] != "Correction":
            fault("the charge period is outside the billing period")
        if row["ChargeClass"] not in ("", "Correction"):
            fault(f"ChargeClass {row['ChargeClass']}")
        if (row["ChargeClass"] == "Correction") != bool(row["x_CorrectsPeriod"]):
            fault("a correction without the month it corrects")
        if row["ServiceCategory"] != "AI and Machine Learning" or row["BillingCurrency"] != "USD":
            fault("category or currency")
        for name in ("Tags", "SkuPriceDetails"):
            if row[name] and not flat(row[name]):
                fault(f"{name} is no flat object")
        category(row, fault)
        if row["SkuPriceId"]:
            skus[row["SkuPriceId"]].add(row["SkuId"])
    return found + [f"SkuPriceId {price} has {len(ids)} SKUs" for price, ids in skus.items() if len(ids) > 1]


def category(row: dict[str, str], fault: object) -> None:
    assert callable(fault)
    kind = row["ChargeCategory"]
    if kind not in ("Usage", "Purchase", "Credit", "Adjustment"):
        fault(f"ChargeCategory {kind}")
    if kind in ("Usage", "Purchase"):
        for name in PRICED:
            if not row[name]:
                fault(f"{name} is null on {kind}")
        if row["PricingQuantity"] and row["ListUnitPrice"]:
            quantity = Fraction(row["PricingQuantity"])
            if quantity * Fraction(row["ListUnitPrice"]) != Fraction(row["ListCost"]):
                fault("ListUnitPrice x PricingQuantity is not ListCost")
            if quantity * Fraction(row["ContractedUnitPrice"]) != Fraction(row["ContractedCost"]):
                fault("ContractedUnitPrice x PricingQuantity is not ContractedCost")
    if kind == "Usage":
        if not (row["ConsumedQuantity"] and row["ConsumedUnit"] and row["ResourceId"] and row["SkuMeter"]):
            fault("usage without quantity, unit, resource or meter")
        if row["ChargeFrequency"] != "Usage-Based":
            fault("usage that is not usage-based")
    elif row["ConsumedQuantity"] or row["ConsumedUnit"]:
        fault(f"ConsumedQuantity on {kind}")
    if kind == "Purchase" and (row["ChargeFrequency"] == "Usage-Based" or Fraction(row["EffectiveCost"]) != 0):
        fault("a purchase that is usage-based or has an effective cost")
    if kind == "Adjustment" and row["ChargeClass"] != "Correction" and not row["ListUnitPrice"]:
        # Without units the amount is its own price; only money paid ahead may have paid a part of it.
        if not Fraction(row["ListCost"]) == Fraction(row["ContractedCost"]) == Fraction(row["EffectiveCost"]):
            fault("an adjustment with several costs")
        if not 0 <= Fraction(row["BilledCost"]) <= Fraction(row["EffectiveCost"]):
            fault("an adjustment that is billed with more than it cost")
    if kind == "Credit" and Fraction(row["BilledCost"]) > 0:
        fault("a credit above zero")


def flat(text: str) -> bool:
    value = json.loads(text)
    return isinstance(value, dict) and all(isinstance(item, str | int | bool) for item in value.values())
