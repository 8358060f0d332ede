//! The courier: delivers what was approved.
