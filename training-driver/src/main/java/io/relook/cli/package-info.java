/** The command line: one class a subcommand. */
package io.relook.cli;
