import eslint from "@eslint/js";
import pulumi from "@pulumi/eslint-plugin";
import importX, { createNodeResolver } from "eslint-plugin-import-x";
import * as path from "node:path";
import ts from "typescript";
import tseslint from "typescript-eslint";

/** `import-x/no-cycle` leaves type-only imports out, and has no option to count them; this rule does. */
const noTypeCycle = {
    meta: { type: "problem", schema: [], messages: { cycle: "Import cycle: {{route}}" } },
    create(context) {
        const { program } = context.sourceCode.parserServices;
        const checker = program.getTypeChecker();
        const importsOf = (file) =>
            file.statements
                .filter((statement) => ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement))
                .flatMap(({ moduleSpecifier }) => (moduleSpecifier?.text.startsWith(".") ? [moduleSpecifier] : []))
                .map((specifier) => ({ specifier, file: checker.getSymbolAtLocation(specifier)?.valueDeclaration?.getSourceFile() }));
        /** The shortest way from one file to another, by breadth-first search. */
        const findRoute = (from, to) => {
            const routes = [[from]];
            const seen = new Set([from]);
            for (const route of routes) {
                if (route.at(-1) === to) return route;
                for (const { file } of importsOf(route.at(-1))) {
                    if (file && !seen.has(file)) {
                        seen.add(file);
                        routes.push([...route, file]);
                    }
                }
            }
            return undefined;
        };
        return {
            Program() {
                const self = program.getSourceFile(context.filename);
                for (const { specifier, file } of importsOf(self)) {
                    const route = file && findRoute(file, self);
                    if (!route) continue;
                    const names = [self, ...route].map(({ fileName }) => path.relative(import.meta.dirname, fileName));
                    const loc = context.sourceCode.getLocFromIndex(specifier.getStart(self));
                    context.report({ loc, messageId: "cycle", data: { route: names.join(" -> ") } });
                }
            },
        };
    },
};

/** What a folder may import of this repository; everything else in it is out of reach. */
const reach = (target, ...allowed) => ({
    target: `./${target}`,
    from: ".",
    except: [target, ...allowed].map((path) => `./${path}`),
    message: `${target} may import only ${allowed.length > 0 ? allowed.join(", ") : "itself and node: modules"}.`,
});

export default tseslint.config(
    { ignores: ["bin", "coverage", "node_modules", "*.mjs"] },
    eslint.configs.recommended,
    tseslint.configs.recommended,
    {
        files: ["**/*.ts"],
        languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
        plugins: { "@pulumi": pulumi, "import-x": importX, local: { rules: { "no-type-cycle": noTypeCycle } } },
        settings: {
            "import-x/extensions": [".ts", ".js"],
            "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
            "import-x/resolver-next": [createNodeResolver({ extensions: [".ts", ".js", ".json"] })],
        },
        rules: {
            "import-x/no-cycle": ["error", { ignoreExternal: true }],
            "local/no-type-cycle": "error",
            "import-x/no-restricted-paths": [
                "error",
                {
                    basePath: import.meta.dirname,
                    zones: [
                        reach("pki"),
                        reach("probes"),
                        reach("components", "probes", "pki", "node_modules"),
                        reach("doctor", "probes", "pki", "node_modules"),
                        reach("lab", "index.ts", "node_modules"),
                    ],
                },
            ],
            "@pulumi/no-output-in-template-literal": "error",
            "@typescript-eslint/no-floating-promises": "error",
            "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: false }],
            "@typescript-eslint/no-explicit-any": "error",
        },
    },
    {
        // What they throw reaches Pulumi's program host, and a stack costs it seconds and gigabytes.
        files: ["index.ts", "components/**/*.ts"],
        // The verification's script runs in a process of its own.
        ignores: ["components/refusal.ts", "components/verification/check.ts", "components/verification/main.ts"],
        rules: {
            "no-restricted-syntax": [
                "error",
                ...[
                    "ThrowStatement > NewExpression",
                    "NewExpression[callee.property.name=/^(Run|Resource|InputPropert(y|ies))Error$/]",
                ].map((selector) => ({ selector, message: "Make refusals with refusal() of components/refusal.ts." })),
            ],
        },
    },
    {
        files: ["**/*.js", "**/*.cjs"],
        languageOptions: {
            globals: {
                module: "writable",
                exports: "writable",
                require: "readonly",
                process: "readonly",
                console: "readonly",
                Buffer: "readonly",
            },
        },
        rules: { "@typescript-eslint/no-require-imports": "off" },
    },
);
