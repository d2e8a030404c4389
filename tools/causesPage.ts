/** `npm run docs:causes`: writes docs/causes.md from the doctor's table of causes. */
import * as fs from "node:fs";
import * as path from "node:path";
import { explanationsMarkdown } from "../doctor/explain";

fs.writeFileSync(path.join(__dirname, "..", "docs", "causes.md"), explanationsMarkdown());
