"use strict";

const json = (/** @type {number} */ statusCode, /** @type {unknown} */ body) => ({
    statusCode,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
});

/**
 * Answers with the edge's client certificate as the origin saw it, and refuses an event without one: a second check, in case this function is
 * ever mapped elsewhere.
 * @param {import("aws-lambda").APIGatewayProxyEventV2} event
 */
exports.handler = async (event) => {
    const certificate = event.requestContext?.authentication?.clientCert;
    if (!certificate) return json(403, { message: "no client certificate" });
    return json(200, {
        message: "hello from behind the edge",
        method: event.requestContext.http.method,
        path: event.rawPath,
        clientCertificate: { issuer: certificate.issuerDN, subject: certificate.subjectDN, serial: certificate.serialNumber },
    });
};
