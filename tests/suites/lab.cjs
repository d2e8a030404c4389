/** `npm run test:lab`: whole deployments in the lab. */
module.exports = { ...require("../../.mocharc.cjs"), spec: ["tests/**/*.lab.test.ts"], ignore: [] };
