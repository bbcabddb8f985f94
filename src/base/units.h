/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_UNITS_H
#define MONITOR_BASE_UNITS_H

#include <stdint.h>

/* Times of events, and all others where nothing else is said, are in nanoseconds. */
#define NS_PER_SECOND UINT64_C(1000000000)

#endif
