/** `npm run test:exhaustive`: every test of every suite, with nothing sampled and a new seed. */
const shared = require("../../.mocharc.cjs");
module.exports = { ...shared, ignore: [], require: ["tests/support/exhaustive.ts", ...shared.require], timeout: 0 };
