//! Expressions of the table as one truth value per cell.

use std::panic::{AssertUnwindSafe, catch_unwind};

use polars::prelude::{DataFrame, Expr, IntoLazy};

use crate::io::parquet::name_some;
use crate::{Error, Result};

/// Where the expression is true; a missing value counts as false.
pub(super) fn mask(table: &DataFrame, expression: &Expr) -> Result<Vec<bool>> {
    let refuse = |what: String| {
        Error::new(what)
            .at(format!("expression {expression}"))
            .fix(format!("use a condition on the columns there are: {}", name_some(&table.get_column_names())))
    };
    // Some functions of expressions that are not compiled in panic instead of returning an error.
    let lazy = || table.clone().lazy().select([expression.clone().alias("keep")]).collect();
    let result = catch_unwind(AssertUnwindSafe(lazy))
        .map_err(|_| refuse("this expression cannot be computed".to_owned()))?
        .map_err(|e| refuse(format!("this expression cannot be computed: {e}")).caused_by(e))?;
    let column = result.column("keep").map_err(|e| refuse(e.to_string()).caused_by(e))?;
    let truth = column
        .bool()
        .map_err(|_| refuse(format!("a condition is true or false, but this gives {}", column.dtype())))?;
    match truth.len() {
        n if n == table.height() => Ok(truth.iter().map(|keep| keep == Some(true)).collect()),
        1 => Ok(vec![truth.get(0) == Some(true); table.height()]),
        n => Err(refuse(format!("the condition gives {n} values for {} cells", table.height()))),
    }
}
