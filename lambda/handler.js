"use strict";

const json = (/** @type {number} */ statusCode, /** @type {unknown} */ body) => ({
    statusCode,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
});

/**
 * Answers with what the origin saw of the edge's client certificate, and refuses an event without one: a second look, for the day on
 * which somebody maps this function elsewhere.
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
