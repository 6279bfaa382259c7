// VaultConfig: the constructor's argument.
export const kConfigFields = ["admin", "operator", "guardian", "verifier", "ringSize", "challengeWindow",
  "responseTime", "propagationDelay", "forceDelay", "maxLag", "orderLife", "challengeBond"];
export const kConfigTypes = ["address", "address", "address", "address", "uint32", "uint32", "uint32", "uint32",
  "uint32", "uint32", "uint32", "uint96"];
