/** A run as one HTML file: what its tables say, and its trajectories to look at. */
package io.relook.report;
