//! Names of what a join has of its own.

/// Names of a join of two streams: the operator's, its topics' and its stores'.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamJoinNames {
    /// The join.
    pub join: String,
    /// The repartition topic of the left stream, where it needs one.
    pub left_repartition: String,
    /// The same of the right one.
    pub right_repartition: String,
    /// The left stream's records.
    pub left_store: String,
    /// The right stream's.
    pub right_store: String,
    /// Records without a partner, of left and outer joins that are not eager.
    pub unmatched_store: String,
}

impl StreamJoinNames {
    /// All by the join's name: `<join>-left`, `<join>-right`, `<join>-unmatched`.
    pub fn of(join: &str) -> Self {
        let (left, right) = (format!("{join}-left"), format!("{join}-right"));
        Self {
            join: join.to_owned(),
            left_repartition: left.clone(),
            right_repartition: right.clone(),
            left_store: left,
            right_store: right,
            unmatched_store: format!("{join}-unmatched"),
        }
    }
}

/// Names of a join of two tables by a foreign key: the operator's, its topics' and its store's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKeyNames {
    /// The join.
    pub join: String,
    /// The topic that tells the right table's tasks what rows are asked for.
    pub subscription_topic: String,
    /// The topic of their answers.
    pub response_topic: String,
    /// What is asked for, by foreign key.
    pub subscription_store: String,
}

impl ForeignKeyNames {
    /// All by the join's name: `<join>-subscription`, `<join>-response`, `<join>-subscriptions`.
    pub fn of(join: &str) -> Self {
        Self {
            join: join.to_owned(),
            subscription_topic: format!("{join}-subscription"),
            response_topic: format!("{join}-response"),
            subscription_store: format!("{join}-subscriptions"),
        }
    }
}
