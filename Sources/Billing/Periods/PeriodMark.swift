/// How far the tables are that a month's money is read from besides its entries: equal marks mean that nothing was
/// added.
///
/// Names, tags and prices are not in it. Facts are what one snapshot says shortly before the close, so that a month
/// closes however often operators change something; no price that is published after a month's end applies to it.
struct PeriodMark: Sendable, Equatable {
    let credits: Int64
    let corrections: Int64
}
