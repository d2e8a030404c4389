/** Required by `npm run test:exhaustive` before anything else: samples are the whole, and the seed is a new one. */
process.env.EXHAUSTIVE = "1";
