/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_OPEN_FLAGS_H
#define MONITOR_TRACER_OPEN_FLAGS_H

#include <stdbool.h>
#include <stdint.h>

/* The kernel's O_* of open(2) as the flags of events (flags.def file_flags). */
uint32_t open_flags_to_event(uint64_t flags);

/*
 * The kernel's bits any of which sets this one bit of an event's flags; false for the access mode and bits of
 * our own.
 */
bool open_flag_native(uint32_t event, uint64_t *ret_native);

#endif
