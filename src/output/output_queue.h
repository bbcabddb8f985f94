/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_OUTPUT_QUEUE_H
#define MONITOR_OUTPUT_OUTPUT_QUEUE_H

#include "output/output.h"

struct output_queue_options {
	size_t alerts; /* that may wait; 0 = OUTPUT_QUEUE_ALERTS */
	unsigned int timeout_ms; /* a delivery that takes longer is told; 0 = never */
	/*
	 * a sender waits for room, as a reader of captures can; else an alert without room is dropped and
	 * counted
	 */
	bool wait;
};

/*
 * An output behind a bounded queue of its own, with a thread of its own that hands the alerts on: whoever
 * sends is never delayed by it. Takes inner over, also when it fails; inner's functions are called by that
 * thread alone. Fork before, not after. The thread takes no signals.
 */
int output_queue_open(struct output *inner, const struct output_queue_options *options, struct output **ret_output,
		      struct error *err);

#endif
