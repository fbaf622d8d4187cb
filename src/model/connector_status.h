/* model/connector_status.h - the singleton's connectorStatus. Private to model/. */
#ifndef MODEL_CONNECTOR_STATUS_H
#define MODEL_CONNECTOR_STATUS_H

#include "edm/model.h"

extern const struct edm_ageing model_connector_status;

#endif
