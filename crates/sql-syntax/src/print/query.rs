//! Queries: a clause per line.
use std::fmt::{self, Display, Formatter};

use super::expr::Base;
use super::separated;
use crate::ast::{
    Emit, Expr, Join, JoinKind, OrderBy, OrderItem, Query, Relation, SelectItem, Window, WindowKind, Within,
};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let [item] = self.select.as_slice() {
            write!(f, "SELECT {item}")?;
        } else {
            f.write_str("SELECT\n  ")?;
            separated(f, &self.select, ",\n  ")?;
        }
        write!(f, "\nFROM {}", self.from)?;
        for join in &self.joins {
            write!(f, "\n{join}")?;
        }
        if let Some(window) = &self.window {
            write!(f, "\nWINDOW {window}")?;
        }
        if let Some(filter) = &self.filter {
            write!(f, "\nWHERE {filter}")?;
        }
        grouping(f, "GROUP BY", self.group_by.as_deref())?;
        grouping(f, "PARTITION BY", self.partition_by.as_deref())?;
        if let Some(having) = &self.having {
            write!(f, "\nHAVING {having}")?;
        }
        if let Some(order_by) = &self.order_by {
            write!(f, "\n{order_by}")?;
        }
        if let Some(emit) = self.emit {
            write!(f, "\nEMIT {emit}")?;
        }
        self.limit.map_or(Ok(()), |limit| write!(f, "\nLIMIT {limit}"))
    }
}

fn grouping(f: &mut Formatter<'_>, what: &str, exprs: Option<&[Expr]>) -> fmt::Result {
    match exprs {
        None => Ok(()),
        Some([]) => write!(f, "\n{what} ()"),
        Some(exprs) => {
            write!(f, "\n{what} ")?;
            separated(f, exprs, ", ")
        }
    }
}

impl Display for SelectItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expr { expr, alias: None } => expr.fmt(f),
            Self::Expr { expr, alias: Some(alias) } => write!(f, "{expr} {alias}"),
            Self::All { source: None, .. } => f.write_str("*"),
            Self::All { source: Some(source), .. } => write!(f, "{source}.*"),
            Self::AllFields { base } => write!(f, "{}->*", Base(base)),
        }
    }
}

impl Display for Relation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.alias {
            None => self.name.fmt(f),
            Some(alias) => write!(f, "{} {alias}", self.name),
        }
    }
}

impl Display for Join {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.right)?;
        if let Some(within) = &self.within {
            write!(f, " WITHIN {within}")?;
        }
        write!(f, " ON {}", self.on)
    }
}

impl Display for JoinKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inner => "INNER JOIN",
            Self::Left => "LEFT OUTER JOIN",
            Self::Right => "RIGHT OUTER JOIN",
            Self::Full => "FULL OUTER JOIN",
        })
    }
}

impl Display for Within {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.after {
            None => write!(f, "{}", self.before)?,
            Some(after) => write!(f, "({}, {after})", self.before)?,
        }
        self.grace.map_or(Ok(()), |grace| write!(f, " GRACE PERIOD {grace}"))
    }
}

impl Display for Window {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{name} ")?;
        }
        match self.kind {
            WindowKind::Tumbling { size } => write!(f, "TUMBLING (SIZE {size}")?,
            WindowKind::Hopping { size, advance } => write!(f, "HOPPING (SIZE {size}, ADVANCE BY {advance}")?,
            WindowKind::Session { gap } => write!(f, "SESSION ({gap}")?,
        }
        if let Some(retention) = self.retention {
            write!(f, ", RETENTION {retention}")?;
        }
        if let Some(grace) = self.grace {
            write!(f, ", GRACE PERIOD {grace}")?;
        }
        f.write_str(")")
    }
}

impl Display for OrderBy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("ORDER BY ")?;
        separated(f, &self.items, ", ")
    }
}

impl Display for OrderItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.expr, super::when(self.descending, " DESC"))
    }
}

impl Display for Emit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Changes => "CHANGES",
            Self::Final => "FINAL",
        })
    }
}
