"""What data protection officers read and sign: one folder of YAML per pack; see docs/policy.md."""
