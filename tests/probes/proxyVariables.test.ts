import { expect } from "chai";
import { proxyVariables } from "../../probes";

describe("a proxy that is set", () => {
    const HOSTS = ["api.example.com", "d-abc.execute-api.eu-west-1.amazonaws.com"];
    const PROXY = "http://proxy.example:3128";
    const cases: [title: string, environment: Record<string, string>, named: string[]][] = [
        ["is named by the variable that sets it", { HTTPS_PROXY: PROXY }, ["HTTPS_PROXY"]],
        ["in small letters too", { https_proxy: PROXY }, ["https_proxy"]],
        ["for every protocol", { ALL_PROXY: PROXY, all_proxy: PROXY }, ["ALL_PROXY", "all_proxy"]],
        ["is not one that is set to nothing", { HTTPS_PROXY: "" }, []],
        ["is not one for plain HTTP", { HTTP_PROXY: PROXY, http_proxy: PROXY }, []],
        ["is not one that NO_PROXY turns off", { HTTPS_PROXY: PROXY, NO_PROXY: "*" }, []],
        ["nor for these names", { HTTPS_PROXY: PROXY, NO_PROXY: "localhost, .example.com,*.amazonaws.com" }, []],
        ["is one if NO_PROXY leaves out a name", { HTTPS_PROXY: PROXY, no_proxy: "example.com" }, ["HTTPS_PROXY"]],
        ["or names another that ends alike", { HTTPS_PROXY: PROXY, NO_PROXY: "ple.com,amazonaws.com" }, ["HTTPS_PROXY"]],
    ];
    for (const [title, environment, named] of cases) it(title, () => expect(proxyVariables(environment, HOSTS)).to.deep.equal(named));
});
