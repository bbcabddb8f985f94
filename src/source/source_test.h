/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SOURCE_TEST_H
#define MONITOR_SOURCE_SOURCE_TEST_H

#include "source/source.h"

/* Events that a test made up: lines of event_text.h, built by the same builder as those of every other source. */
struct source_test_event {
	struct str line;
	struct str real_path; /* what the kernel would have opened; empty = not known */
};

/* The events are borrowed until the source is closed. */
int source_test_open(const struct source_test_event *events, size_t count, struct source **ret_source,
		     struct error *err);

#endif
