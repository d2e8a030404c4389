/** What all suites share, and the one of `npm test`. The others are in tests/suites. */
module.exports = {
    spec: ["tests/**/*.test.ts"],
    ignore: ["tests/**/*.lab.test.ts", "tests/engine/**", "tests/outside/**"],
    require: ["tests/support/seed.ts"],
    "node-option": ["import=tsx"],
    // Files share nothing but the machine: every port is one that the system chose, every folder a temporary one.
    parallel: true,
    jobs: 2,
    // For a machine that is many times slower than this needs: no test waits for a clock.
    timeout: 600_000,
    "forbid-only": true,
    "fail-zero": true,
};
