//! kubectl describe, in the process.
