/** `npm run test:outside`: verdicts of programs that are not ours, compared with our own. */
module.exports = { ...require("../../.mocharc.cjs"), spec: ["tests/outside/**/*.outside.test.ts"], ignore: [] };
