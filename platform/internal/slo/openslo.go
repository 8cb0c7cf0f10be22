package slo

import (
	"time"

	"github.com/backstay/backstay/policy/document"
)

// The types of this file are OpenSLO v1 as far as it is read here, field by field
// (https://github.com/OpenSLO/OpenSLO, README of v1).

const openslo = "openslo/v1"

// Kinds of documents.
const (
	kindSLO        = "SLO"
	kindSLI        = "SLI"
	kindService    = "Service"
	kindDataSource = "DataSource"
)

type metadata struct {
	Name        string
	DisplayName string
	Labels      map[string]any
	Annotations map[string]any
}

type sloDocument struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   metadata
	Spec       sloSpec
}

type sloSpec struct {
	Description     string
	Service         string
	Indicator       *inlineIndicator
	IndicatorRef    string
	TimeWindow      []timeWindow
	BudgetingMethod string
	Objectives      []objective
	AlertPolicies   []any
}

type inlineIndicator struct {
	Metadata metadata
	Spec     indicatorSpec
}

type timeWindow struct {
	Duration  string
	IsRolling bool
	Calendar  *struct{ StartTime, TimeZone string }
}

type objective struct {
	DisplayName     string
	Op              string
	Value           *float64
	Target          *float64
	TargetPercent   *float64
	TimeSliceTarget *float64
	TimeSliceWindow string
	Indicator       *inlineIndicator
	IndicatorRef    string
	CompositeWeight *float64
}

type sliDocument struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   metadata
	Spec       indicatorSpec
}

type indicatorSpec struct {
	Description     string
	ThresholdMetric *metricHolder
	RatioMetric     *ratioMetric
}

type ratioMetric struct {
	Counter          *bool
	Good, Bad, Total *metricHolder
	Raw              *metricHolder
	RawType          string
}

type metricHolder struct{ MetricSource metricSource }

type metricSource struct {
	MetricSourceRef string
	Type            string
	Spec            metricSpec
}

// metricSpec is free in OpenSLO; these are the fields that our two sources have.
type metricSpec struct {
	Query   string // Prometheus
	Service string // backstay
	Route   string // backstay
	Select  string // backstay
}

type serviceDocument struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   metadata
	Spec       struct{ Description string }
}

type dataSourceDocument struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   metadata
	Spec       struct {
		Description       string
		Type              string
		ConnectionDetails map[string]any
	}
}

// referable are the documents that others refer to, by name.
type referable struct {
	slis        map[string]foundSLI
	dataSources map[string]foundDataSource
}

type foundSLI struct {
	spec indicatorSpec
	doc  document.Document
}

type foundDataSource struct {
	kind string
	doc  document.Document
}

const (
	// minPeriod keeps the shortest burn-rate window at a second.
	minPeriod = 10 * time.Minute
	maxPeriod = 366 * 24 * time.Hour
)
