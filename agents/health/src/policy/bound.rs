//! Which model scores which account, and which run beside it.

use std::collections::BTreeMap;

use agent::PolicyError;

use super::{
    Segment,
    model::Model,
    rules::{Bind, NotApplicable, ShadowRules, Sort},
};
use crate::{metrics::Metric, state::Binding};

/// The models bound to accounts.
#[derive(Debug)]
pub(super) struct Bound {
    customer: Fitted,
    vendor: Fitted,
    exceptions: Vec<Special>,
    shadows: Vec<(Sort, Fitted)>,
}

/// A model for some accounts: those of its kind, segment and stage, where it names them.
#[derive(Debug)]
struct Special {
    kind: Option<Sort>,
    segment: Option<Segment>,
    stage: Option<String>,
    fitted: Fitted,
}

/// A model for each kind and segment, without the metrics that mean nothing there.
#[derive(Debug)]
struct Fitted {
    vendor: Option<Model>,
    smb: Option<Model>,
    mid_market: Option<Model>,
    enterprise: Option<Model>,
    strategic: Option<Model>,
    /// With everything that is connected: for kinds and segments it is not bound to.
    whole: Model,
}

impl Fitted {
    fn of(&self, binding: &Binding) -> &Model {
        let fitted = match (binding.vendor, binding.segment) {
            (true, _) => &self.vendor,
            (false, Segment::Smb) => &self.smb,
            (false, Segment::MidMarket) => &self.mid_market,
            (false, Segment::Enterprise) => &self.enterprise,
            (false, Segment::Strategic) => &self.strategic,
        };
        fitted.as_ref().unwrap_or(&self.whole)
    }

    /// Refuses a model of which a kind or segment it is bound to would have nothing left.
    fn check(&self, kind: Option<Sort>, segment: Option<Segment>) -> Result<(), PolicyError> {
        let customers = kind != Some(Sort::Vendor);
        let asked = |own: Segment| customers && segment.is_none_or(|segment| segment == own);
        let classes = [
            ("vendor", kind != Some(Sort::Customer), &self.vendor),
            ("smb", asked(Segment::Smb), &self.smb),
            ("mid_market", asked(Segment::MidMarket), &self.mid_market),
            ("enterprise", asked(Segment::Enterprise), &self.enterprise),
            ("strategic", asked(Segment::Strategic), &self.strategic),
        ];
        match classes.into_iter().find(|(_, asked, fitted)| *asked && fitted.is_none()) {
            None => Ok(()),
            Some((field, _, _)) => Err(PolicyError::value(
                format!("not_applicable.{field}"),
                format!(
                    "leaves no metric of `{}` that a connected source feeds; take one out of the list",
                    self.whole.name
                ),
            )),
        }
    }
}

impl Bound {
    /// Binds models to accounts.
    ///
    /// # Errors
    /// A name of no model, or a model of which nothing would be left.
    pub(super) fn new(
        models: &BTreeMap<String, Model>,
        bind: &Bind,
        shadow: &ShadowRules,
        without: &NotApplicable,
    ) -> Result<Self, PolicyError> {
        let fitted = |field: &str, name: &str| fit(models, field, name, without);
        let customer = fitted("bind.customer", &bind.customer)?;
        customer.check(Some(Sort::Customer), None)?;
        let vendor = fitted("bind.vendor", &bind.vendor)?;
        vendor.check(Some(Sort::Vendor), None)?;
        let mut exceptions = Vec::new();
        for (exception, n) in bind.exception.iter().zip(1..) {
            let field = format!("bind.exception {n}");
            if exception.kind.is_none() && exception.segment.is_none() && exception.stage.is_none() {
                let problem = "is for all accounts; name a kind, a segment or a stage";
                return Err(PolicyError::value(field, problem));
            }
            let (kind, segment, stage) = (exception.kind, exception.segment, exception.stage.clone());
            let own = fitted(&field, &exception.model)?;
            own.check(kind, segment)?;
            exceptions.push(Special { kind, segment, stage, fitted: own });
        }
        let mut shadows = Vec::new();
        for (field, kind, names) in
            [("customer", Sort::Customer, &shadow.customer), ("vendor", Sort::Vendor, &shadow.vendor)]
        {
            if names.len() > SHADOWS_MAX {
                let problem = format!("names {} models, at most {SHADOWS_MAX}", names.len());
                return Err(PolicyError::value(format!("shadow.{field}"), problem));
            }
            for name in names {
                let own = fitted(&format!("shadow.{field}"), name)?;
                own.check(Some(kind), None)?;
                shadows.push((kind, own));
            }
        }
        Ok(Self { customer, vendor, exceptions, shadows })
    }

    /// The model in use.
    pub(super) fn model(&self, binding: &Binding) -> &Model {
        let kind = sort(binding);
        let fits = |own: &&Special| {
            own.kind.is_none_or(|own| own == kind)
                && own.segment.is_none_or(|segment| segment == binding.segment)
                && own.stage.as_ref().is_none_or(|stage| binding.stage.as_ref() == Some(stage))
        };
        let fitted = match (self.exceptions.iter().find(fits), kind) {
            (Some(special), _) => &special.fitted,
            (None, Sort::Customer) => &self.customer,
            (None, Sort::Vendor) => &self.vendor,
        };
        fitted.of(binding)
    }

    /// The models beside it, without the one in use.
    pub(super) fn shadows(&self, binding: &Binding) -> impl Iterator<Item = &Model> {
        let kind = sort(binding);
        let used = self.model(binding);
        let models = self.shadows.iter().filter(move |(own, _)| *own == kind).map(|(_, fitted)| fitted.of(binding));
        models.filter(|model| model.name != used.name)
    }
}

/// Models beside the one in use at most: each costs a whole score a day.
const SHADOWS_MAX: usize = 3;

const fn sort(binding: &Binding) -> Sort {
    if binding.vendor { Sort::Vendor } else { Sort::Customer }
}

fn fit(
    models: &BTreeMap<String, Model>,
    field: &str,
    name: &str,
    without: &NotApplicable,
) -> Result<Fitted, PolicyError> {
    let Some(model) = models.get(name) else {
        let known: Vec<&str> = models.keys().map(String::as_str).collect();
        let problem = format!("`{name}` is no model of this policy; there is {}", known.join(", "));
        return Err(PolicyError::value(field, problem));
    };
    if model.is_empty() {
        let sources: Vec<&str> = model.trimmed.iter().map(|source| source.name()).collect();
        let problem = format!(
            "no connected source feeds a metric of `{name}`; connect one of {}, or name another model",
            sources.join(", ")
        );
        return Err(PolicyError::value(field, problem));
    }
    let fitted = |metrics: &[Metric]| model.without(metrics);
    Ok(Fitted {
        vendor: fitted(&without.vendor),
        smb: fitted(&without.smb),
        mid_market: fitted(&without.mid_market),
        enterprise: fitted(&without.enterprise),
        strategic: fitted(&without.strategic),
        whole: model.clone(),
    })
}
