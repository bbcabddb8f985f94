/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_BANNED_H
#define MONITOR_BASE_BANNED_H

/*
 * Included after config.h on the command line of every compile: these calls have unbounded or unchecked behaviour and a
 * checked replacement in base/. The system headers that declare them come first, so only uses are refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok atoi atol atoll strncpy

#endif
