/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_CURL_H
#define MONITOR_OUTPUT_CURL_H

#include "base/error.h"

/* libcurl. Before any of its functions is called; as library_load(). */
int curl_load(struct error *err);

#endif
