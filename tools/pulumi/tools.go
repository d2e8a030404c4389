//go:build tools

// Package tools pins the Pulumi CLI that the engine tests run: go.sum holds the checksum of every module that it is built from.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
