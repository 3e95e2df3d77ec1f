/// The columns of FOCUS, in the order in which the specification's data dictionary has them.
enum FocusColumn: String, CaseIterable {
    case allocatedMethodDetails = "AllocatedMethodDetails"
    case allocatedMethodID = "AllocatedMethodId"
    case allocatedResourceID = "AllocatedResourceId"
    case allocatedResourceName = "AllocatedResourceName"
    case allocatedTags = "AllocatedTags"
    case availabilityZone = "AvailabilityZone"
    case billedCost = "BilledCost"
    case billingAccountID = "BillingAccountId"
    case billingAccountName = "BillingAccountName"
    case billingAccountType = "BillingAccountType"
    case billingCurrency = "BillingCurrency"
    case billingPeriodEnd = "BillingPeriodEnd"
    case billingPeriodStart = "BillingPeriodStart"
    case capacityReservationID = "CapacityReservationId"
    case capacityReservationStatus = "CapacityReservationStatus"
    case chargeCategory = "ChargeCategory"
    case chargeClass = "ChargeClass"
    case chargeDescription = "ChargeDescription"
    case chargeFrequency = "ChargeFrequency"
    case chargePeriodEnd = "ChargePeriodEnd"
    case chargePeriodStart = "ChargePeriodStart"
    case commitmentDiscountCategory = "CommitmentDiscountCategory"
    case commitmentDiscountID = "CommitmentDiscountId"
    case commitmentDiscountName = "CommitmentDiscountName"
    case commitmentDiscountQuantity = "CommitmentDiscountQuantity"
    case commitmentDiscountStatus = "CommitmentDiscountStatus"
    case commitmentDiscountType = "CommitmentDiscountType"
    case commitmentDiscountUnit = "CommitmentDiscountUnit"
    case commitmentProgramEligibilityDetails = "CommitmentProgramEligibilityDetails"
    case consumedQuantity = "ConsumedQuantity"
    case consumedUnit = "ConsumedUnit"
    case contractApplied = "ContractApplied"
    case contractedCost = "ContractedCost"
    case contractedUnitPrice = "ContractedUnitPrice"
    case effectiveCost = "EffectiveCost"
    case hostProviderName = "HostProviderName"
    case invoiceDetailID = "InvoiceDetailId"
    case invoiceID = "InvoiceId"
    case invoiceIssuerName = "InvoiceIssuerName"
    case listCost = "ListCost"
    case listUnitPrice = "ListUnitPrice"
    case pricingCategory = "PricingCategory"
    case pricingCurrency = "PricingCurrency"
    case pricingCurrencyContractedUnitPrice = "PricingCurrencyContractedUnitPrice"
    case pricingCurrencyEffectiveCost = "PricingCurrencyEffectiveCost"
    case pricingCurrencyListUnitPrice = "PricingCurrencyListUnitPrice"
    case pricingQuantity = "PricingQuantity"
    case pricingUnit = "PricingUnit"
    case providerName = "ProviderName"
    case publisherName = "PublisherName"
    case regionID = "RegionId"
    case regionName = "RegionName"
    case resourceID = "ResourceId"
    case resourceName = "ResourceName"
    case resourceType = "ResourceType"
    case serviceCategory = "ServiceCategory"
    case serviceName = "ServiceName"
    case serviceProviderName = "ServiceProviderName"
    case serviceSubcategory = "ServiceSubcategory"
    case skuID = "SkuId"
    case skuMeter = "SkuMeter"
    case skuPriceDetails = "SkuPriceDetails"
    case skuPriceID = "SkuPriceId"
    case subAccountID = "SubAccountId"
    case subAccountName = "SubAccountName"
    case subAccountType = "SubAccountType"
    case tags = "Tags"
    // Our own, which the specification wants after its own.
    case requestCount = "x_RequestCount"
    case poolID = "x_PoolId"
    case keyID = "x_KeyId"
    case catalogVersion = "x_CatalogVersion"
    case estimatedQuantity = "x_EstimatedQuantity"
    case correctsPeriod = "x_CorrectsPeriod"
    case correctionID = "x_CorrectionId"
    case listVersion = "x_ListCatalogVersion"
    case upstreamCost = "x_UpstreamCost"
    case unpricedRequests = "x_UnpricedRequests"

    /// Those of a version and a view.
    static func columns(_ version: FocusVersion, _ view: ExportQuery.View) -> [FocusColumn] {
        allCases.filter { column in
            if column == .upstreamCost || column == .unpricedRequests { return view == .upstream }
            return version == .v12 ? !isLater(column) : ![.providerName, .publisherName].contains(column)
        }
    }

    /// Whether 1.2 does not know it.
    private static func isLater(_ column: FocusColumn) -> Bool {
        switch column {
        case .allocatedMethodDetails, .allocatedMethodID, .allocatedResourceID, .allocatedResourceName, .allocatedTags,
            .commitmentProgramEligibilityDetails, .contractApplied, .hostProviderName, .invoiceDetailID,
            .serviceProviderName:
            true
        default: false
        }
    }
}
